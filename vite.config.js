// The page's bundle: dist/ with hashed names and an index.html without inline scripts,
// so that the CSP in frontend/_headers needs no exception. `cargo xtask build` runs this after
// wasm-bindgen has written frontend/pkg.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { basemap } from "./frontend/map/basemap.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * wasm-bindgen copies each file named in `#[wasm_bindgen(module = "/js/x.js")]` into
 * pkg/snippets/<crate>-<hash>/js/x.js, alone, which would break its relative imports and load
 * it twice if boot.js uses it too. Point the copy back at the file it was made from.
 */
function snippetsAreSources() {
  return {
    name: "snippets-are-sources",
    enforce: "pre",
    resolveId(source) {
      const match = /\/snippets\/frontend-[0-9a-f]+\/(js\/.+)$/.exec(source);
      return match ? here(`./frontend/${match[1]}`) : null;
    },
  };
}

/** The wasm is asked for while the scripts are still being read. */
function preloadWasm() {
  return {
    name: "preload-wasm",
    transformIndexHtml: {
      order: "post",
      handler(_html, context) {
        const wasm = Object.keys(context.bundle ?? {}).filter((name) => name.endsWith(".wasm"));
        return wasm.map((name) => ({
          tag: "link",
          attrs: { rel: "preload", href: `/${name}`, as: "fetch", type: "application/wasm", crossorigin: true },
          injectTo: "head",
        }));
      },
    },
  };
}

/** `virtual:basemap` is the address of the map's ground, which is made while building. */
function ground() {
  const id = "\0virtual:basemap";
  return {
    name: "ground",
    resolveId: (source) => (source === "virtual:basemap" ? id : null),
    load(wanted) {
      if (wanted !== id) return null;
      const file = this.emitFile({ type: "asset", name: "basemap.json", source: basemap() });
      return `export default import.meta.ROLLUP_FILE_URL_${file};`;
    },
  };
}

/** The packages that are in the bundle, for `cargo xtask build` to hold to package.json. */
function shippedPackages() {
  const named = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//g;
  return {
    name: "shipped-packages",
    generateBundle(_options, bundle) {
      const files = Object.values(bundle).flatMap((file) =>
        file.type === "chunk" ? Object.keys(file.modules) : file.originalFileNames,
      );
      // What basemap.mjs reads while building: no module, but its data is what ships.
      const names = new Set(["world-atlas"]);
      for (const file of files) for (const [, name] of file.replaceAll("\\", "/").matchAll(named)) names.add(name);
      this.emitFile({ type: "asset", fileName: ".vite/packages.json", source: JSON.stringify([...names].sort()) });
    },
  };
}

/** In quick builds the page notices a newer one. */
function renewed(mode) {
  return {
    name: "renewed",
    transformIndexHtml: {
      // Before Vite reads the page, which then bundles the script as it does the others.
      order: "pre",
      handler: () =>
        mode === "quick" ? [{ tag: "script", attrs: { type: "module", src: "/js/renew.js" }, injectTo: "head" }] : [],
    },
  };
}

export default defineConfig(({ mode }) => ({
  root: here("./frontend"),
  publicDir: here("./frontend/public"),
  plugins: [snippetsAreSources(), ground(), preloadWasm(), shippedPackages(), renewed(mode)],
  build: {
    outDir: here("./dist"),
    emptyOutDir: true,
    // Read by `cargo xtask build` for the size budget, then removed.
    manifest: true,
    rollupOptions: { input: ["index", "privacy"].map((page) => here(`./frontend/${page}.html`)) },
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    minify: mode !== "quick",
  },
}));
