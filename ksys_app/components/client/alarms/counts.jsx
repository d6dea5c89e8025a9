// How many alarms there are, by priority and by group: readable however many they are. Each count narrows the list to it.
import { useRef } from "react";
import { tally, waits } from "./held.js";
import { grouped } from "./filter.js";
import { Priority } from "./words.jsx";
import { useWords } from "../lib/usewords.js";
import { counted, fill } from "../lib/words.js";

const PRIORITIES = [1, 2, 3];

export function Counts({ rows, filter, onFilter }) {
  const { alarms: al } = useWords();
  const all = tally(rows);
  // A group stays here without alarms: what is below does not move when one is over.
  const known = useRef(new Map());
  for (const name of known.current.keys()) known.current.set(name, []);
  for (const { name, rows: members } of grouped(rows, "group")) known.current.set(name, members);
  const groups = [...known.current];
  return (
    <section className="alarm-counts" aria-label={al.counts} data-testid="alarm-counts">
      <div className="count-line" role="group" aria-label={al.by_priority}>
        {PRIORITIES.map((priority) => {
          const { waits: waiting, all: n } = all[priority] ?? { waits: 0, all: 0 };
          const on = filter.priority.includes(priority);
          return (
            <button key={priority} type="button" className="alarm-count" aria-pressed={on} data-none={n === 0} data-testid={`count-${priority}`}
              aria-label={fill(al.count_says, { prio: al[`prio_${priority}`], waits: String(waiting), all: String(n) })} title={counted(al.waiting, waiting)}
              onClick={() => onFilter({ priority: on ? filter.priority.filter((one) => one !== priority) : [...filter.priority, priority].sort() })}>
              <Priority priority={priority} quiet={waiting === 0} />
              <span>{al[`prio_${priority}`]}</span>
              <strong>{waiting > 0 ? `${waiting}/${n}` : n}</strong>
            </button>
          );
        })}
      </div>
      {groups.length > 1 || filter.group !== null ? (
        <div className="count-groups" role="group" aria-label={al.by_group}>
          {groups.map(([name, members]) => {
            const on = filter.group === name;
            const waiting = members.filter(waits).length;
            return (
              <button key={name} type="button" className="alarm-count" aria-pressed={on} data-none={members.length === 0} data-testid={`group-${name}`}
                aria-label={fill(al.count_says, { prio: name || al.no_group, waits: String(waiting), all: String(members.length) })}
                title={`${name || al.no_group}: ${counted(al.waiting, waiting)}`} onClick={() => onFilter({ group: on ? null : name })}>
                <Priority priority={members[0]?.priority ?? 4} quiet={waiting === 0} />
                <span className="alarm-count-name">{name || al.no_group}</span>
                <strong>{waiting > 0 ? `${waiting}/${members.length}` : members.length}</strong>
              </button>
            );
          })}
        </div>
      ) : null}
    </section>
  );
}
