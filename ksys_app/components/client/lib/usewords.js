// Hooks for the reader's language and its texts.
import { useSyncExternalStore } from "react";
import { current, FIRST, subscribe, wordsOf } from "./language.js";

export const useLanguage = () => useSyncExternalStore(subscribe, current, () => FIRST);
export const useWords = () => wordsOf(useLanguage());
