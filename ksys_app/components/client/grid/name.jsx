// A name that is shortened in its middle where it has no room. What is read aloud, found and copied is the whole name.
import { halves } from "../lib/name.js";

export function Name({ text, ...rest }) {
  const [head, tail] = halves(text);
  if (!head) return <span className="name" {...rest}>{text}</span>;
  return (
    <span className="name name-long" title={text} {...rest}>
      <span className="sr-only">{text}</span>
      <span className="name-head" data-part={head} aria-hidden="true" />
      <span className="name-tail" data-part={tail} aria-hidden="true" />
    </span>
  );
}
