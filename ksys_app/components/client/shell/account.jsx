// The menu of the logged-in user: name, role and rights, administration, logout. Renders nothing if logins are switched off.
import { useSyncExternalStore } from "react";
import * as Menu from "@radix-ui/react-dropdown-menu";
import { current } from "../lib/language.js";
import { logOut, me, subscribe } from "../lib/me.js";
import { at } from "../lib/paths.js";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";

export const useMe = () => useSyncExternalStore(subscribe, me, () => null);

export function Account(props) {
  const { access: a } = useWords();
  const user = useMe();
  if (!user || user.via === "off") return null;
  const role = a[`role_${user.role}`];
  const label = fill(a.account, { user: user.user, role });
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger aria-label={label} title={label} data-testid="account" {...props}>
        <svg viewBox="0 0 24 24" width="16" height="16" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="2"
          strokeLinecap="round"><circle cx="12" cy="8" r="4" /><path d="M4 21a8 8 0 0 1 16 0" /></svg>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content className="menu account-menu" align="end" sideOffset={4} collisionPadding={8}>
          <Menu.Label className="account-who">
            <strong>{user.user}</strong>
            <span>{role}</span>
            <small>{a[`may_${user.role}`]}</small>
          </Menu.Label>
          {user.role === "admin" ? (
            <Menu.Item className="menu-item" asChild><a href={at("/admin")}>{a.admin}</a></Menu.Item>
          ) : null}
          {user.via === "local" ? (
            <Menu.Item className="menu-item" asChild><a href={at(`/login/password?lang=${current()}`)}>{a.password_change}</a></Menu.Item>
          ) : null}
          <Menu.Item className="menu-item" data-testid="logout" onSelect={() => logOut(a.logout_failed)}>{a.logout}</Menu.Item>
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
