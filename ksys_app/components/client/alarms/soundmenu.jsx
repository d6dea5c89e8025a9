// The menu of the sound: its switch, a test, and notifications. While an alarm sounds, a button that silences it instead.
import { useState } from "react";
import * as Menu from "@radix-ui/react-dropdown-menu";
import { silence, switchSound, test, useSound } from "./sound.js";
import { useWords } from "../lib/usewords.js";

export function Sound() {
  const { wanted, ready, priority } = useSound();
  const { alarms: al } = useWords();
  if (wanted && ready && priority > 0) {
    return (
      <button type="button" className="control control-small banner-silence" data-testid="silence" title={al.silence_hint} onClick={silence}>
        <Speaker on />{al.silence}
      </button>
    );
  }
  if (wanted && !ready) {
    return <button type="button" className="control control-small banner-silence" data-testid="sound-blocked" onClick={() => switchSound(true)}><Speaker />{al.sound_blocked}</button>;
  }
  return <Settings wanted={wanted} al={al} />;
}

function Settings({ wanted, al }) {
  const label = wanted ? al.sound_on : al.sound_off;
  const [permission, setPermission] = useState(() => (typeof Notification === "undefined" ? "denied" : Notification.permission));
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className="icon-button banner-sound" aria-label={label} title={label} data-testid="sound"><Speaker on={wanted} /></Menu.Trigger>
      <Menu.Portal>
        <Menu.Content className="menu account-menu" align="end" sideOffset={4} collisionPadding={8}>
          <Menu.CheckboxItem className="menu-item" checked={wanted} data-testid="sound-switch" onCheckedChange={(on) => void switchSound(on)}>
            {wanted ? al.switch_off : al.switch_on}
          </Menu.CheckboxItem>
          {wanted ? <Menu.Item className="menu-item" data-testid="sound-test" onSelect={test}>{al.sound_test}</Menu.Item> : null}
          {permission === "default" ? (
            <Menu.Item className="menu-item" onSelect={() => void Notification.requestPermission().then(setPermission)}>{al.notify}</Menu.Item>
          ) : null}
          <Menu.Label className="menu-label">{permission === "granted" ? al.notify_on : al.sound_note}</Menu.Label>
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}

function Speaker({ on = false }) {
  return (
    <svg viewBox="0 0 24 24" width="16" height="16" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="2"
      strokeLinecap="round" strokeLinejoin="round">
      <path d="M11 5 6 9H3v6h3l5 4z" />
      {on ? <path d="M15.5 8.5a5 5 0 0 1 0 7M18.5 5.5a9 9 0 0 1 0 13" /> : <path d="m16 9 6 6M22 9l-6 6" />}
    </svg>
  );
}
