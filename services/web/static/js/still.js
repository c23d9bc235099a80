// What does a page need that does not change by itself? One leaves it by the bar, which says whether Relais answers.
import "./acts.js";
import { listen } from "./live.js";

listen();
