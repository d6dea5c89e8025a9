// A dialog that keeps the focus inside, and returns it to the element that had it before.
import { useRef, useState } from "react";
import * as Dialog from "@radix-ui/react-dialog";
import { useLive } from "./live.jsx";

export function Modal({ open, onClose, title, subtitle = "", closeLabel, kind = "dialog", children, ...rest }) {
  const opener = useRef(null);
  // The dialog is rendered outside of the shell element, so it needs its own `data-old`.
  const { old } = useLive();
  return (
    <Dialog.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content
          className={kind}
          data-old={old}
          aria-describedby={undefined}
          onOpenAutoFocus={() => {
            opener.current = document.activeElement;
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            opener.current?.focus({ preventScroll: true });
          }}
          {...rest}
        >
          <header className="dialog-head">
            <div>
              <Dialog.Title className="dialog-title">{title}</Dialog.Title>
              {subtitle ? <p className="dialog-subtitle">{subtitle}</p> : null}
            </div>
            <Dialog.Close className="icon-button" aria-label={closeLabel} data-testid="close">
              <svg viewBox="0 0 24 24" width="16" height="16" aria-hidden="true" fill="none"
                stroke="currentColor" strokeWidth="2" strokeLinecap="round">
                <path d="M18 6 6 18M6 6l12 12" />
              </svg>
            </Dialog.Close>
          </header>
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

// The navigation on narrow screens; a click on a link in it closes it.
export function Drawer({ label, title, closeLabel, children }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="icon-button only-narrow" aria-label={label} aria-expanded={open}
        data-testid="drawer-open" onClick={() => setOpen(true)}>
        <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" fill="none"
          stroke="currentColor" strokeWidth="2" strokeLinecap="round"><path d="M4 6h16M4 12h16M4 18h16" /></svg>
      </button>
      <Modal open={open} onClose={() => setOpen(false)} title={title} closeLabel={closeLabel} kind="drawer"
        data-testid="drawer" onClick={(event) => event.target.closest("a") && setOpen(false)}>
        {children}
      </Modal>
    </>
  );
}
