// A badge that explains itself in a popover. The popover is rendered only while it is open.
import { useRef, useState } from "react";
import * as Popover from "@radix-ui/react-popover";

export function Explain({ title, lines, children, ...rest }) {
  const [open, setOpen] = useState(false);
  const anchor = useRef(null);
  return (
    <>
      <button
        type="button"
        ref={anchor}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        {...rest}
      >
        {children}
      </button>
      {open ? (
        <Popover.Root open onOpenChange={setOpen}>
          <Popover.Anchor virtualRef={anchor} />
          <Popover.Portal>
            <Popover.Content
              className="popover"
              data-testid="popover"
              aria-label={title}
              sideOffset={6}
              collisionPadding={8}
              onInteractOutside={(event) => {
                if (anchor.current?.contains(event.target)) event.preventDefault();
              }}
              onCloseAutoFocus={(event) => {
                event.preventDefault();
                anchor.current?.focus({ preventScroll: true });
              }}
            >
              <p className="popover-title">{title}</p>
              {lines.filter(Boolean).map((line) => <p key={line}>{line}</p>)}
            </Popover.Content>
          </Popover.Portal>
        </Popover.Root>
      ) : null}
    </>
  );
}
