// The dialog before alarms are acknowledged, shelved or taken out of service.
import { useId, useState } from "react";
import { needsComment, toShiftEnd } from "./results.js";
import { Modal } from "../shell/modal.jsx";
import { useLive } from "../shell/live.jsx";
import { useClock } from "../lib/clock.js";
import { useWords } from "../lib/usewords.js";
import { counted } from "../lib/words.js";
import { stamp } from "../lib/zone.js";

const MAX_TEXT = 500;
const DURATIONS = ["15", "60", "240"];

export function ActionDialog({ verb, rows, onAct, onClose }) {
  const { alarms: al, pages } = useWords();
  const title = counted(al[`ask_${verb}`], rows.length);
  const names = rows.slice(0, 3).map((row) => row.tag_name).join(", ");
  const subtitle = rows.length > 3 ? `${names}, …` : names;
  return (
    <Modal open onClose={onClose} title={title} subtitle={subtitle} closeLabel={pages.close} kind="dialog dialog-small" data-testid="alarm-ask">
      {verb === "shelve" ? <ShelveForm al={al} onAct={onAct} onClose={onClose} /> : (
        <CommentForm al={al} verb={verb} required={NEEDS_REASON.has(verb) || (verb === "ack" && needsComment(rows))} onAct={onAct} onClose={onClose} />
      )}
    </Modal>
  );
}

const TEXT_FIELD = { ack: "comment", unack: "comment", out_of_service: "reason", in_service: "reason" };
const NEEDS_REASON = new Set(["out_of_service", "in_service"]);

function CommentForm({ al, verb, required, onAct, onClose }) {
  const [text, setText] = useState("");
  return (
    <Form al={al} verb={verb} ready={!required || text.trim() !== ""} onClose={onClose} onAct={() => onAct({ [TEXT_FIELD[verb]]: text.trim() })}>
      <TextField label={al[`say_${TEXT_FIELD[verb]}`]} note={required ? al[`needed_${verb}`] : al.optional} required={required} text={text} onText={setText} />
    </Form>
  );
}

function ShelveForm({ al, onAct, onClose }) {
  const { zone } = useLive();
  const clock = useClock((now) => (now ? stamp(now, zone).slice(11, 16) : ""));
  const [chosen, setChosen] = useState("60");
  const [reason, setReason] = useState("");
  const shift = clock ? toShiftEnd(clock) : 480;
  const name = useId();
  const minutes = chosen === "shift" || chosen === "once" ? (chosen === "shift" ? shift : null) : Number(chosen);
  const choices = [...DURATIONS.map((minutes) => [minutes, al[`for_${minutes}`]]), ["shift", al.for_shift], ["once", al.for_once]];
  return (
    <Form al={al} verb="shelve" ready={reason.trim() !== ""} onClose={onClose}
      onAct={() => onAct({ ...(minutes ? { minutes } : {}), one_shot: chosen === "once", reason: reason.trim() })}>
      <fieldset className="ask-choices">
        <legend>{al.for_how_long}</legend>
        {choices.map(([key, text]) => (
          <label key={key} className="check">
            <input type="radio" name={name} value={key} checked={chosen === key} onChange={() => setChosen(key)} data-testid={`for-${key}`} />{text}
          </label>
        ))}
      </fieldset>
      <TextField label={al.say_reason} note={al.needed_shelve} required text={reason} onText={setReason} />
    </Form>
  );
}

function Form({ al, verb, ready, onAct, onClose, children }) {
  const { pages } = useWords();
  return (
    <form className="ask" onSubmit={(event) => {
      event.preventDefault();
      if (ready) onAct();
    }}>
      {children}
      <div className="ask-actions">
        <button type="button" className="control" onClick={onClose}>{pages.close}</button>
        <button type="submit" className="control control-primary" disabled={!ready} data-testid="ask-act">{al[`do_${verb}`]}</button>
      </div>
    </form>
  );
}

function TextField({ label, note, required, text, onText }) {
  const id = useId();
  return (
    <div className="ask-words">
      <label htmlFor={id}>{label}</label>
      <textarea id={id} rows={3} maxLength={MAX_TEXT} required={required} value={text} aria-describedby={`${id}-note`} data-testid="ask-text"
        onChange={(event) => onText(event.target.value)} />
      <small id={`${id}-note`}>{note}</small>
    </div>
  );
}
