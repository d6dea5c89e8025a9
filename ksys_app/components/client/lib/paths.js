// Paths of the app as the browser has to ask for them: under the base path that the app is served at.
const base = (import.meta.env?.BASE_URL ?? "/").replace(/\/+$/, "");

// `/api/v1/tags` under the base path; nothing stays nothing.
export const at = (path) => path && base + path;
