// Holds the order of a list while a person uses the list, and offers a button that takes the new order.
import { useEffect, useRef } from "react";
import { fill } from "../lib/words.js";
import { isInUse } from "../lib/steady.js";

export function Steady({ moved, label, restS, onHold, onReorder, children, ...rest }) {
  const activity = useRef({ pointer: false, keys: false, usedMs: 0 });
  const reported = useRef(false);
  const restTimer = useRef(null);
  const pointerPlace = useRef("");
  const update = () => {
    const now = performance.now();
    const inUse = isInUse(activity.current, now, restS * 1000);
    clearTimeout(restTimer.current);
    // Somebody may have left the pointer on the list, as on a wall screen. After `restS` without use it does not count.
    if (inUse) restTimer.current = setTimeout(update, activity.current.usedMs + restS * 1000 - now);
    if (inUse !== reported.current) onHold(inUse);
    reported.current = inUse;
  };
  const markUsed = (change) => {
    Object.assign(activity.current, change, { usedMs: performance.now() });
    update();
  };
  const onUnmount = useRef(null);
  onUnmount.current = () => {
    clearTimeout(restTimer.current);
    if (reported.current) onHold(false);
  };
  useEffect(() => () => onUnmount.current(), []);
  return (
    <div
      className="steady"
      onPointerEnter={() => markUsed({ pointer: true })}
      onPointerLeave={() => markUsed({ pointer: false })}
      onPointerMove={(event) => {
        // Browsers also fire this event if the page moves under a resting pointer.
        const place = `${event.screenX} ${event.screenY}`;
        if (place === pointerPlace.current) return;
        pointerPlace.current = place;
        markUsed({ pointer: true });
      }}
      onWheel={() => markUsed({})}
      onKeyDown={() => markUsed({})}
      // A click leaves the focus behind it. Only a focus by keyboard shows that a person is here.
      onFocus={(event) => markUsed({ keys: event.target.matches(":focus-visible") })}
      onBlur={(event) => event.currentTarget.contains(event.relatedTarget) || markUsed({ keys: false })}
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
