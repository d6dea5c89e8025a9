// The switch between the two languages. Its label is in the language that it switches to.
import { useEffect } from "react";
import { choose } from "../lib/language.js";
import { useLanguage, useWords } from "../lib/usewords.js";

const OTHER = { en: ["ko", "한"], ko: ["en", "EN"] };

export function LanguageToggle(props) {
  const language = useLanguage();
  const { pages: t } = useWords();
  const [next, label] = OTHER[language];
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  return (
    <button type="button" lang={next} aria-label={t.language} title={t.language} data-testid="language-toggle"
      onClick={() => choose(next)} {...props}>
      <span aria-hidden="true" className="language-sign">{label}</span>
    </button>
  );
}
