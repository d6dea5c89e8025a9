// Holds an order while the pointer or the keyboard is at work inside, and offers the newer one meanwhile.
import { useEffect, useRef } from "react";
import { fill } from "../lib/words.js";
import { attended } from "../lib/steady.js";

export function Steady({ moved, label, restS, onHold, onReorder, children, ...rest }) {
  const inside = useRef({ pointer: false, keys: false, usedMs: 0 });
  const told = useRef(false);
  const resting = useRef(null);
  const pointed = useRef("");
  const judge = () => {
    const now = performance.now();
    const held = attended(inside.current, now, restS * 1000);
    clearTimeout(resting.current);
    // A screen on the wall has a pointer that somebody left there: it holds nothing once it has rested.
    if (held) resting.current = setTimeout(judge, inside.current.usedMs + restS * 1000 - now);
    if (held !== told.current) onHold(held);
    told.current = held;
  };
  const use = (change) => {
    Object.assign(inside.current, change, { usedMs: performance.now() });
    judge();
  };
  const gone = useRef(null);
  gone.current = () => {
    clearTimeout(resting.current);
    if (told.current) onHold(false);
  };
  useEffect(() => () => gone.current(), []);
  return (
    <div
      className="steady"
      onPointerEnter={() => use({ pointer: true })}
      onPointerLeave={() => use({ pointer: false })}
      onPointerMove={(event) => {
        // What moves under a pointer that rests is no movement of it.
        const place = `${event.screenX} ${event.screenY}`;
        if (place === pointed.current) return;
        pointed.current = place;
        use({ pointer: true });
      }}
      onWheel={() => use({})}
      onKeyDown={() => use({})}
      // A click leaves its focus behind; only the keyboard's says where somebody is.
      onFocus={(event) => use({ keys: event.target.matches(":focus-visible") })}
      onBlur={(event) => event.currentTarget.contains(event.relatedTarget) || use({ keys: false })}
      {...rest}
    >
      {children}
      <p className="steady-offer" role="status">
        {moved > 0 ? (
          <button type="button" className="control" data-testid="reorder" onClick={() => onReorder()}>
            {fill(label, { n: String(moved) })}
          </button>
        ) : null}
      </p>
    </div>
  );
}
