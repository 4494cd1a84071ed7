/** The loader's styles. They live in a shadow root and begin from nothing, so they leak neither way. */
export const look = `
:host{all:initial;--accent:#0b57d0;--on:#fff;font:500 15px/1.3 system-ui,sans-serif;color-scheme:light dark}
*{box-sizing:border-box}
[hidden]{display:none!important}
.launch{position:fixed;z-index:2147483000;inset-block-end:20px;inset-inline-end:20px;display:flex;align-items:center;gap:10px;min-height:52px;padding:0 20px 0 16px;border:1px solid transparent;border-radius:26px;background:var(--accent);color:var(--on);font:inherit;cursor:pointer;box-shadow:0 1px 2px #0003,0 6px 20px #0003;transition:translate .15s}
.live{background:#b3261e;color:#fff}
.launch:hover{translate:0 -1px}
:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
.launch svg{inline-size:22px;block-size:22px;flex:none}
.badge{position:absolute;inset-block-start:-6px;inset-inline-end:-4px;min-width:22px;height:22px;padding:0 6px;border-radius:11px;background:#b3261e;color:#fff;font-size:12px;line-height:22px;text-align:center}
iframe{position:fixed;z-index:2147483001;inset-block-end:84px;inset-inline-end:20px;inline-size:384px;block-size:min(640px,calc(100dvh - 104px));max-inline-size:calc(100vw - 40px);border:0;border-radius:16px;background:Canvas;box-shadow:0 0 0 1px #8884,0 12px 48px #0004;color-scheme:normal}
iframe.away,iframe.lost{visibility:hidden;pointer-events:none}
.sorry{position:fixed;z-index:2147483001;inset-block-end:84px;inset-inline-end:20px;max-inline-size:calc(100vw - 40px);display:flex;align-items:center;gap:14px;padding:12px 12px 12px 18px;border-radius:16px;background:Canvas;color:CanvasText;box-shadow:0 0 0 1px #8884,0 12px 48px #0004}
.sorry p{margin:0}
.sorry button{min-height:36px;padding:0 14px;border:1px solid #8888;border-radius:10px;background:Canvas;color:CanvasText;font:inherit;cursor:pointer}
.edge{position:fixed;inset:0;z-index:2147482998;border:4px solid #b3261e;pointer-events:none}
.bar{position:fixed;z-index:2147483002;inset-block-end:20px;inset-inline-start:20px;max-inline-size:min(560px,calc(100vw - 240px));display:flex;flex-wrap:wrap;align-items:center;gap:4px 12px;padding:8px 8px 8px 16px;border-radius:14px;background:#1f1f1f;color:#fff;font-size:14px;box-shadow:0 4px 16px #0005}
.bar button{min-height:32px;padding:0 14px;border:1px solid transparent;border-radius:10px;background:#fff;color:#8c1d18;font:600 14px system-ui,sans-serif;cursor:pointer}
.bar button:focus-visible{outline-color:#fff}
.quiet{opacity:.8}
.said{position:fixed;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media(max-width:480px){iframe{inset:0;inline-size:100%;block-size:100dvh;max-inline-size:none;border-radius:0}.bar{inset-block:8px auto;inset-inline:8px;max-inline-size:none}.open .launch,.open .bar{display:none}.sorry{inset-block-end:20px}}
@media(min-width:481px){.open .bar{max-inline-size:min(560px,calc(100vw - 444px))}}
@media(max-height:420px){iframe{inset-block:0;block-size:100dvh}}
@media(prefers-reduced-motion:reduce){.launch{transition:none}}
@media(forced-colors:active){.launch,.bar,.badge{border:2px solid ButtonText}.edge{border-color:Highlight}}
@media print{.launch,iframe,.bar,.edge{display:none}}
`;
