// A name whose middle CSS shortens if it has no room. Screen reader, search and clipboard get the full name.
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
