// Shows the documentation in place of the plain list. It asks this server alone;
// the page's policy would refuse anything else.
"use strict";
(function () {
  const list = document.getElementById("endpoints");
  const place = document.createElement("div");
  const openapi = document.currentScript.dataset.openapi;
  list.replaceWith(place);
  Scalar.createApiReference(place, {
    url: openapi,
    agent: { disabled: true },
    mcp: { disabled: true },
    documentDownloadType: "none",
    hideClientButton: true,
    proxyUrl: "",
    showDeveloperTools: "never",
    telemetry: false,
    withDefaultFonts: false,
  });
})();
