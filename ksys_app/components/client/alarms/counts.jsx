// The numbers of alarms by priority and by group. A click on a number filters the list by it.
import { useRef } from "react";
import { tally, waits } from "./snapshot.js";
import { grouped } from "./filter.js";
import { Priority } from "./words.jsx";
import { useWords } from "../lib/usewords.js";
import { counted, fill } from "../lib/words.js";

const PRIORITIES = [1, 2, 3];

export function Counts({ rows, filter, onFilter }) {
  const { alarms: al } = useWords();
  const all = tally(rows);
  // A group whose alarms are over keeps its button, so that the list below does not move.
  const groupsSeen = useRef(new Map());
  for (const name of groupsSeen.current.keys()) groupsSeen.current.set(name, []);
  for (const { name, rows: members } of grouped(rows, "group")) groupsSeen.current.set(name, members);
  const groups = [...groupsSeen.current];
  return (
    <section className="alarm-counts" aria-label={al.counts} data-testid="alarm-counts">
      <div className="count-line" role="group" aria-label={al.by_priority}>
        {PRIORITIES.map((priority) => {
          const { waits: waiting, all: n } = all[priority] ?? { waits: 0, all: 0 };
          const pressed = filter.priority.includes(priority);
          return (
            <button key={priority} type="button" className="alarm-count" aria-pressed={pressed} data-none={n === 0} data-testid={`count-${priority}`}
              aria-label={fill(al.count_says, { prio: al[`prio_${priority}`], waits: String(waiting), all: String(n) })} title={counted(al.waiting, waiting)}
              onClick={() => onFilter({ priority: pressed ? filter.priority.filter((other) => other !== priority) : [...filter.priority, priority].sort() })}>
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
            const pressed = filter.group === name;
            const waiting = members.filter(waits).length;
            return (
              <button key={name} type="button" className="alarm-count" aria-pressed={pressed} data-none={members.length === 0} data-testid={`group-${name}`}
                aria-label={fill(al.count_says, { prio: name || al.no_group, waits: String(waiting), all: String(members.length) })}
                title={`${name || al.no_group}: ${counted(al.waiting, waiting)}`} onClick={() => onFilter({ group: pressed ? null : name })}>
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
