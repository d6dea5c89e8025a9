// Limits: of the tag in the address with preview and history, or of all tags.
import { useSearchParams } from "react-router";
import { mayEdit } from "./values.js";
import { Editor } from "./editor.jsx";
import { Many } from "./many.jsx";
import { useMe } from "../shell/account.jsx";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";

export function LimitsBoard() {
  const { edit: ed, access: a } = useWords();
  const who = useMe();
  const [params] = useSearchParams();
  if (!who) return null;
  const may = mayEdit(who);
  const tag = params.get("tag");
  return (
    <div className="limits-page">
      {may ? null : (
        <p className="note" role="note" data-testid="limits-may-not">{fill(ed.may_not, { user: who.user, role: a[`role_${who.role}`] })}</p>
      )}
      {tag ? <Editor key={tag} tag={tag} may={may} /> : <Many may={may} />}
    </div>
  );
}
