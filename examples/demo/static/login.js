"use strict";
const query = new URLSearchParams(location.search);
document.getElementById("wrong").hidden = !query.has("wrong");
