import { start } from "./page.js";
import "./quiet.js";

start();
