// A box whose content may be wider than the screen. While it scrolls, the keyboard can enter it.
import { useEffect, useRef, useState } from "react";

export function Scrollable({ label, className, children }) {
  const box = useRef(null);
  const [scrolls, setScrolls] = useState(false);
  useEffect(() => {
    const measure = () => setScrolls(box.current.scrollWidth > box.current.clientWidth);
    const observer = new ResizeObserver(measure);
    // The content gets its width later than the box, where it is fetched.
    for (const one of [box.current, ...box.current.children]) observer.observe(one);
    measure();
    return () => observer.disconnect();
  }, []);
  const focusable = scrolls ? { tabIndex: 0, role: "region", "aria-label": label } : {};
  return <div ref={box} className={className} {...focusable}>{children}</div>;
}
