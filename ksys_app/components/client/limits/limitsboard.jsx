// The page of limits: the editor of the tag in the address, or the table of all tags.
import { useSearchParams } from "react-router";
import { mayEdit } from "./values.js";
import { Editor } from "./editor.jsx";
import { AllLimits } from "./alllimits.jsx";
import { useMe } from "../shell/account.jsx";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";

export function LimitsBoard() {
  const { edit: ed, access: a } = useWords();
  const user = useMe();
  const [params] = useSearchParams();
  if (!user) return null;
  const may = mayEdit(user);
  const tag = params.get("tag");
  return (
    <div className="limits-page">
      {may ? null : (
        <p className="note" role="note" data-testid="limits-may-not">{fill(ed.may_not, { user: user.user, role: a[`role_${user.role}`] })}</p>
      )}
      {tag ? <Editor key={tag} tag={tag} may={may} /> : <AllLimits may={may} />}
    </div>
  );
}
