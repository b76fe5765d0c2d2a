// Comes again from here, so that the browser sends its cookie, with what is behind #, which no server sees.
"use strict";

for (const each of document.querySelectorAll("[data-arrive]")) location.replace(each.href + location.hash);
