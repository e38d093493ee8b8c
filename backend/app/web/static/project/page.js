// The project page: its files. What only those have who may change it: mine.js.

import { drawFiles } from "./files.js";

drawFiles();
