// A box whose content may be wider than the box. While it is, the keyboard can focus and scroll the box.
import { useEffect, useRef, useState } from "react";

export function Scrollable({ label, className, children }) {
  const box = useRef(null);
  const [scrolls, setScrolls] = useState(false);
  useEffect(() => {
    const { current: node } = box;
    const measure = () => setScrolls(node.scrollWidth > node.clientWidth);
    const observer = new ResizeObserver(measure);
    // Fetched content gets its width later than the box, so both are observed.
    for (const element of [node, ...node.children]) observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
  const focusable = scrolls ? { tabIndex: 0, role: "region", "aria-label": label } : {};
  return <div ref={box} className={className} {...focusable}>{children}</div>;
}
