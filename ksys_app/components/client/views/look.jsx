// The style sheet of views and walls. Pages load it together with their code.
import { at } from "../lib/paths.js";

export const Look = () => <link rel="stylesheet" href={at("/look/views.css")} precedence="views" />;
