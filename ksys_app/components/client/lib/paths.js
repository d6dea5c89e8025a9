// Puts the base path, at which the app is served, before the paths of requests and links.
const base = (import.meta.env?.BASE_URL ?? "/").replace(/\/+$/, "");

// `/api/v1/tags` under the base path; an empty path stays empty.
export const at = (path) => path && base + path;
