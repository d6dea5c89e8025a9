// Loads the texts of /explore, of the events below a chart and of saved views. The first page does not need them.
import { add } from "./language.js";

await add({ en: () => import("../../../texts/explore.en.json"), ko: () => import("../../../texts/explore.ko.json") });
