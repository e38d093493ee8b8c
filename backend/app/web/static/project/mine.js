// The project page's forms, for who may change it.

import "./put.js";
import "./simulate.js";
import "./build.js";
import "./kept.js";
import "./change.js";
