import { describe, expect, test } from "vitest";
import { captureKey, type StartCapture } from "../src/port.ts";
import { handed, open, packets, read, recordInChromium, recording, whole, type Packet, type Recorded } from "./recording.ts";

// Canaries: each stands in a place that the recorder alone would send (S12, COB-5).
const secret = [
  ["typed text", `<input id="t" value="CANARY-t0">`],
  ["password", `<input type="password" value="CANARY-pw">`],
  ["hidden input", `<input type="hidden" name="csrf" value="CANARY-hidden" data-x="CANARY-hd">`],
  ["card number field", `<input autocomplete="cc-number" value="4111111111111111">`],
  ["one-time code", `<input autocomplete="one-time-code" value="CANARY-otc">`],
  ["textarea", `<textarea>CANARY-area</textarea>`],
  ["placeholder, title, data, aria of a field", `<input placeholder="CANARY-ph" title="CANARY-ti" data-a="CANARY-da" aria-label="CANARY-al" name="CANARY-na">`],
  ["radio and checkbox values", `<input type="radio" value="CANARY-ra"><input type="checkbox" value="CANARY-cb" checked>`],
  ["option values", `<select><option value="CANARY-ov">one</option><option value="CANARY-ow" selected>two</option></select>`],
  ["datalist", `<input list="dl"><datalist id="dl"><option value="CANARY-dl"></datalist>`],
  ["meta", `<meta name="csrf-token" content="CANARY-meta">`],
  ["comment", `<!-- CANARY-comment -->`],
  ["script and noscript", `<script type="application/json">"CANARY-script"</script><noscript>CANARY-noscript</noscript>`],
  ["links", `<a href="/x?token=CANARY-href#CANARY-frag" title="CANARY-at" data-b="CANARY-ad">go</a>`],
  ["picture", `<img src="/p.png?u=CANARY-src" srcset="/q.png?CANARY-ss 2x" title="CANARY-it">`],
  ["frames and objects", `<iframe src="about:blank#CANARY-if" title="CANARY-ft"></iframe><object data="/o?CANARY-ob"></object>`],
  ["CSS addresses", `<style>.z{background:url(/b.png?CANARY-css)}</style><p style="background:url('/c.png?CANARY-st')">x</p>`],
  ["masked by the site", `<div data-parlour-mask title="CANARY-mt">CANARY-masked<img alt="CANARY-ma"><b>CANARY-below</b></div>`],
  ["masked by the workspace", `<p class="private">CANARY-private</p>`],
  ["typed into the page itself", `<div contenteditable="true">CANARY-edit</div>`],
  ["card number in text", `<p>Paid with 4111 1111 1111 1111 today</p>`],
  ["video source", `<video src="/v?CANARY-vs" poster="/w?CANARY-vp"></video>`],
] as const;

recordInChromium();

describe("what leaves a page that is shared", { timeout: 60_000 }, () => {
  test("the first picture holds no canary, and does hold what is open (S12, COB-5)", async () => {
    const page = await recording(open + secret.map(([, html]) => html).join("\n"));
    const text = whole(await packets(page));
    expect(text.match(/CANARY[-\w]*/g) ?? []).toEqual([]);
    expect(text).not.toMatch(/4111[ ]?1111/);
    for (const control of ["CONTROL-heading", "CONTROL-button", "CONTROL-submit", "CONTROL-path"]) expect(text).toContain(control);
    await page.close();
  });

  test("no canary comes by a change of the page either: added, typed, set, shown", async () => {
    const page = await recording(open + `<form id="f"><input id="a"><input id="p" type="password"><textarea id="m"></textarea></form><div id="slot"></div><div id="mask" data-parlour-mask><i id="in">x</i></div>`);
    await page.fill("#a", "CANARY-typed");
    await page.fill("#p", "CANARY-password");
    await page.fill("#m", "CANARY-memo");
    await page.evaluate((html) => {
      const set = (id: string, name: string, value: string): void => document.getElementById(id)!.setAttribute(name, value);
      document.getElementById("p")!.setAttribute("type", "text"); // "show password"
      set("a", "value", "CANARY-attr");
      set("a", "placeholder", "CANARY-ph2");
      set("a", "data-x", "CANARY-dx");
      set("slot", "title", "CANARY-slot");
      set("slot", "style", "background:url(/x?CANARY-bg)");
      document.getElementById("in")!.textContent = "CANARY-inmask";
      document.getElementById("m")!.textContent = "CANARY-areatext";
      const template = document.createElement("template");
      template.innerHTML = html;
      document.getElementById("slot")!.append(template.content);
      document.getElementById("live")!.textContent = "CONTROL-after";
      document.querySelector(".private")!.append("CANARY-late");
    }, secret.map(([, html]) => html).join(""));
    await page.focus("#p");
    await page.keyboard.type("CANARY");
    const text = whole(await packets(page));
    expect(text.match(/CANARY[-\w]*/g) ?? []).toEqual([]);
    expect(text).toContain("CONTROL-after");
    await page.close();
  });

  test("a mask holds below shadow roots, into slots and in frames of the page's own, in the first picture and in every change", async () => {
    const page = await recording(open + `<div data-parlour-mask id="host"></div><div class="private"><x-card id="custom"></x-card></div>
      <div contenteditable id="typed"><div id="inner"></div></div><div data-parlour-mask><iframe id="frame" src="/inner"></iframe></div>
      <x-slot id="slotted"><p id="light">CANARY-slotted</p></x-slot><div id="free"></div><iframe id="bare" src="/inner?free"></iframe>`, `
      for (const id of ["host", "custom", "inner", "free"]) document.getElementById(id).attachShadow({ mode: "open" }).innerHTML =
        "<section>" + (id === "free" ? "CONTROL-free" : "CANARY-" + id) + "<b title=x>" + (id === "free" ? "" : "CANARY-b") + "</b><span></span></section>";
      document.getElementById("host").shadowRoot.querySelector("span").attachShadow({ mode: "open" }).innerHTML = "<u>CANARY-twice</u>";
      document.getElementById("slotted").attachShadow({ mode: "open" }).innerHTML = "<div data-parlour-mask><slot></slot></div>";`);
    await expect.poll(async () => whole(await packets(page))).toContain("CONTROL-frame");
    await page.evaluate(() => {
      const change = (root: ParentNode, word: string): void => {
        const bold = root.querySelector("b")!;
        bold.textContent = `${word}-text`;
        (bold.firstChild as Text).data = `${word}-data`;
        const added = document.createElement("i");
        added.innerHTML = `<u>${word}-added</u><img alt="${word}-alt">`;
        root.querySelector("section")!.append(added, `${word}-bare`);
        root.append(`${word}-root`);
      };
      const root = (id: string): ShadowRoot => document.getElementById(id)!.shadowRoot!;
      for (const id of ["host", "custom", "inner"]) change(root(id), `CANARY-${id}`);
      root("host").querySelector("span")!.shadowRoot!.querySelector("u")!.textContent = "CANARY-deeper";
      change(root("free"), "CONTROL-shadow");
      const within = (id: string): HTMLElement => (document.getElementById(id) as HTMLIFrameElement).contentDocument!.body;
      change(within("frame"), "CANARY-frame");
      change(within("bare"), "CONTROL-within");
      document.getElementById("light")!.textContent = "CANARY-light";
      document.getElementById("slotted")!.append("CANARY-inslot");
    });
    const text = whole(await packets(page));
    expect(text.match(/CANARY[-\w]*/g) ?? []).toEqual([]);
    for (const word of ["CONTROL-shadow", "CONTROL-within"]) for (const way of ["data", "added", "alt", "bare", "root"]) expect(text).toContain(`${word}-${way}`);
    await page.close();
  });

  test("a card number is hidden over the texts of a line, also when its groups come one after the other", async () => {
    const groups = ["5500", "0055", "5555", "5559"];
    const page = await recording(open + `<p>${groups.map((g) => `<span>${g}</span>`).join(" ")} 12/27</p>
      <p id="once"></p><p id="slow">Card: </p><p><b>CONTROL</b> 12345 <i>67890</i></p><p>5500&nbsp;0055&nbsp;5555&nbsp;5559 123</p>`);
    await packets(page);
    await page.evaluate((all) => void (document.getElementById("once")!.innerHTML = all.map((g) => `<span>${g}</span>`).join("\u2011")), groups);
    for (const group of groups) {
      await page.evaluate((text) => {
        const span = document.createElement("span");
        span.textContent = `${text} `;
        document.getElementById("slow")!.append(span);
      }, group);
      await packets(page);
    }
    const last = new Map<number, string>();
    const take = (node: { id: number; textContent?: string; childNodes?: [] }): void => {
      if (node.textContent !== undefined) last.set(node.id, node.textContent);
      node.childNodes?.forEach(take);
    };
    const all = await packets(page);
    const batches = [all.filter((p) => p.type === 1), ...all.filter((p) => p.type === 2).map((p) => [p])].map(whole);
    for (const { data } of batches.flatMap((json) => JSON.parse(json) as { data: { node?: never; adds?: { node: never }[]; texts?: { id: number; value: string }[] } }[])) {
      if (data.node) take(data.node);
      for (const add of data.adds ?? []) take(add.node);
      for (const { id, value } of data.texts ?? []) last.set(id, value);
    }
    const seen = [...last.values()].filter((text) => !text.startsWith("FENCE")).join("|");
    expect(groups.filter((group) => seen.includes(group))).toEqual([]);
    for (const control of ["CONTROL", " 12345 ", "67890", "/27"]) expect(seen).toContain(control);
    await page.close();
  });

  test("what is chosen is hidden everywhere, and where the pointer is within a mask too", async () => {
    const choices = (name: string): string =>
      `<label><input type="radio" name="${name}" id="${name}-a" checked> a</label><label><input type="radio" name="${name}" id="${name}-b"> b</label><input type="checkbox" id="${name}-c" checked>
       <input type="checkbox" id="${name}-d"><select id="${name}-s"><option>one</option><option value="two" selected>two</option></select><div role="radio" aria-checked="true" id="${name}-r">r</div>`;
    const page = await recording(`${open}<div data-parlour-mask>${choices("in")}<button id="pin">CANARY-7</button><meter value="0.73"></meter><ol start="73"><li value="7373">x</li></ol></div>${choices("out")}`);
    const head = whole(await packets(page));
    for (const name of ["in", "out"]) {
      await page.check(`#${name}-b`);
      await page.check(`#${name}-d`);
      await page.uncheck(`#${name}-c`);
      await page.selectOption(`#${name}-s`, "one");
      await page.evaluate((id) => {
        const field = (end: string): HTMLInputElement => document.getElementById(id + end) as HTMLInputElement;
        field("-c").setAttribute("checked", "");
        field("-a").removeAttribute("checked");
        field("-a").checked = true;
        document.querySelector(`#${id}-s option`)!.setAttribute("selected", "");
        if (id === "in") field("-r").setAttribute("aria-checked", "false");
      }, name);
    }
    await page.click("#pin");
    await page.click("#live");
    const all = await packets(page);
    const text = whole(all);
    expect(text).not.toMatch(/isChecked":true|"checked"|"selected"|"source":5|CANARY|"0\.73|"73/);
    expect(head.match(/"aria-checked":"true"/g)?.length).toBe(1); // the one outside
    expect(text.match(/"aria-checked"/g)?.length).toBe(1);
    const events = all.filter((p) => p.type === 2).flatMap((p) => JSON.parse(p.json) as { data: { source: number; id?: number; positions?: { id: number }[] } }[]);
    interface Snapshot {
      data: { node: { childNodes: { childNodes: { childNodes: { tagName?: string }[] }[] }[] } };
    }
    const snapshot = (JSON.parse(whole(all.filter((p) => p.type === 1))) as Snapshot[])[1]!;
    const region = snapshot.data.node.childNodes.at(-1)!.childNodes.at(-1)!.childNodes.find((node) => JSON.stringify(node).includes('"meter"'));
    const masked = new Set(Array.from(JSON.stringify(region).matchAll(/"id":(\d+)/g), ([, id]) => Number(id)));
    expect(masked.size).toBeGreaterThan(15);
    const pointed = events.filter(({ data }) => [1, 2, 6, 12].includes(data.source)).flatMap(({ data }) => [data.id ?? 0, ...(data.positions ?? []).map(({ id }) => id)]);
    expect(pointed.length).toBeGreaterThan(0);
    expect(pointed.filter((id) => masked.has(id))).toEqual([]);
    await page.close();
  });

  test("a field that becomes a button still hides what was typed; styles of masked elements tell no text", async () => {
    const styled = (word: string): string =>
      `--v:'${word}-v;1';color:red;--w:{a;b ${word}-w};quotes:'${word}-q' 'x';background:url(data:image/svg+xml,${word}-d)`;
    const page = await recording(`${open}<input id="a"><input id="b" type="hidden" value="CANARY-b"><input id="c" value="CANARY-c"><input type="reset" value="CONTROL-reset">
      <div data-parlour-mask class="private"><i id="CANARY-id" style="${styled("CANARY")}" part="x">x</i><i id="live-style">x</i><svg><text>x</text><path d="M7 3"/></svg><b aria-label="CANARY-l" data-x="CANARY-x">y</b>
      <style>.z::after{color:blue;content:"CANARY-content;}" attr(x)}.y{--s:CANARY-s}</style></div><p style="--free:'CONTROL-free'">x</p>`);
    await page.fill("#a", "CANARY-typed");
    await page.evaluate((css) => {
      const field = (id: string): HTMLInputElement => document.getElementById(id) as HTMLInputElement;
      field("a").type = "button";
      field("b").type = "submit";
      field("c").setAttribute("type", "reset");
      field("c").setAttribute("value", "CANARY-later");
      const live = document.getElementById("live-style")!;
      live.setAttribute("style", css);
      live.style.setProperty("--u", "CANARY-u");
      live.style.setProperty("color", "green");
      const added = document.createElement("style");
      added.textContent = ".q::before{content:'CANARY-added'}";
      live.parentElement!.append(added);
    }, styled("CANARY"));
    await packets(page);
    await page.evaluate(() => {
      document.getElementById("live-style")!.style.setProperty("--u", "CANARY-u2");
      (window as unknown as { capture: { snapshot(): void } }).capture.snapshot();
    });
    const text = whole(await packets(page));
    expect(text.match(/CANARY[-\w]*/g) ?? []).toEqual([]);
    expect(text).not.toContain("M7 3");
    for (const control of ["CONTROL-submit", "CONTROL-reset", "CONTROL-free", "red", "green", "blue"]) expect(text).toContain(control);
    await page.close();
  });

  test("style sheets of masked elements tell no text either, whichever way they change", async () => {
    const page = await recording(`${open}<div data-parlour-mask><style id="own">.m{color:red}</style><x-in id="in"></x-in></div><style id="free">.f{color:red}</style><x-out id="out"></x-out>`, `
      for (const id of ["in", "out"]) {
        const root = document.getElementById(id).attachShadow({ mode: "open" });
        root.innerHTML = "<p>x</p>";
        const sheet = new CSSStyleSheet();
        sheet.replaceSync("p::before{color:red;content:'" + (id === "in" ? "CANARY" : "CONTROL") + "-first'}");
        root.adoptedStyleSheets = [sheet];
      }`);
    await packets(page);
    await page.evaluate(async () => {
      const change = async (sheet: CSSStyleSheet, word: string, constructed: boolean): Promise<void> => {
        sheet.insertRule(`p::after{color:green;content:'${word}-inserted'}`, 0);
        const rule = sheet.cssRules[0] as CSSStyleRule;
        rule.style.setProperty("content", `'${word}-set'`);
        rule.style.setProperty("--X", `'${word}-var'`);
        rule.style.setProperty("quotes", `'${word}-quotes' 'x'`);
        rule.style.setProperty("width", "7px");
        sheet.insertRule("@media all{a{color:blue}}", 0);
        (sheet.cssRules[0] as CSSMediaRule).insertRule(`p{content:'${word}-nested'}`, 0);
        if (!constructed) return;
        sheet.replaceSync(`p::before{color:teal;content:'${word}-sync'}`);
        await sheet.replace(`p::before{color:navy;content:'${word}-replaced'}`);
      };
      const root = (id: string): ShadowRoot => document.getElementById(id)!.shadowRoot!;
      await change((document.getElementById("own") as HTMLStyleElement).sheet!, "CANARY", false);
      await change((document.getElementById("free") as HTMLStyleElement).sheet!, "CONTROL", false);
      await change(root("in").adoptedStyleSheets[0]!, "CANARY", true);
      await change(root("out").adoptedStyleSheets[0]!, "CONTROL", true);
      const late = new CSSStyleSheet();
      late.replaceSync("p{content:'CANARY-late'}");
      root("in").adoptedStyleSheets.push(late);
      late.insertRule("p{content:'CANARY-later'}");
    });
    await packets(page);
    await page.evaluate(() => (window as unknown as { capture: { snapshot(): void } }).capture.snapshot());
    await packets(page);
    await page.evaluate(() => {
      const root = (id: string): ShadowRoot => document.getElementById(id)!.shadowRoot!;
      for (const sheet of root("in").adoptedStyleSheets) sheet.insertRule("p{color:lime;content:'CANARY-after'}");
      const shared = new CSSStyleSheet(); // of a masked element too
      root("out").adoptedStyleSheets = [shared];
      root("in").adoptedStyleSheets = [shared];
    });
    await packets(page);
    await page.evaluate(() => void document.getElementById("out")!.shadowRoot!.adoptedStyleSheets[0]!.insertRule("p{color:gold;content:'CANARY-shared'}"));
    const text = whole(await packets(page));
    expect(text.match(/CANARY[-\w]*/g) ?? []).toEqual([]);
    for (const way of ["inserted", "set", "var", "quotes", "nested", "sync", "replaced"]) expect(text).toContain(`CONTROL-${way}`);
    for (const control of ["green", "7px", "blue", "teal", "navy", "lime", "gold"]) expect(text).toContain(control);
    await page.close();
  });

  test("packets are small, numbered without gaps, and a new snapshot begins a larger generation", async () => {
    const page = await recording(open + `<ul>${"<li>CONTROL item of a long list</li>".repeat(400)}</ul>`);
    await page.evaluate(() => {
      const { capture } = window as unknown as { capture: { snapshot(): void } };
      capture.snapshot();
      document.getElementById("live")!.textContent = "CONTROL-after";
    });
    const all = await packets(page);
    expect(Math.max(...all.map((p) => p.size))).toBeLessThan(16_384);
    expect(all.every((p) => p.id === "019200000000700080000000000000bb")).toBe(true);
    const gens = [...new Set(all.map((p) => p.gen))];
    expect(gens.length).toBe(2);
    expect(gens[1]!).toBeGreaterThan(gens[0]!);
    for (const gen of gens) {
      const own = all.filter((p) => p.gen === gen);
      expect(own.map((p) => p.seq)).toEqual(own.map((_, i) => i));
      const snapshot = own.filter((p) => p.type === 1);
      expect(snapshot.length).toBeGreaterThan(1);
      expect([snapshot[0]!.flags & 1, snapshot.at(-1)!.flags & 2]).toEqual([1, 2]);
      const events = JSON.parse(whole(snapshot)) as { type: number }[];
      expect(events.map((e) => e.type)).toEqual([4, 2]);
    }
    expect(whole(all.filter((p) => p.type === 2))).toContain("CONTROL-after");
    await page.close();
  });

  test("after stop nothing leaves, neither what waits nor what comes", async () => {
    const page = await recording(open);
    const before = (await packets(page)).length;
    await page.evaluate(async () => {
      // Told of a change after the recorder, which watches for longer: it waits in a batch when the capture is stopped.
      const told = new Promise((resolve) => new MutationObserver(resolve).observe(document.body, { childList: true, subtree: true }));
      document.getElementById("live")!.textContent = "just before the end";
      await told;
      (window as unknown as { capture: { stop(): void } }).capture.stop();
      document.getElementById("live")!.textContent = "after the end";
    });
    // The next capture is the fence: when a change that came later has left by it, nothing of the first is on its way any more.
    await page.evaluate((key) => {
      const own = window as unknown as Recorded & Record<string, unknown>;
      const next: string[] = [];
      own["next"] = next;
      (own[key] as StartCapture)({ cobrowse: "01920000-0000-7000-8000-0000000000cc", mask: [], own: "#parlour-widget", emit: (packet) => void next.push(btoa(String.fromCharCode(...new Uint8Array(packet)))) });
      document.getElementById("live")!.textContent = "CONTROL-next";
    }, captureKey);
    const next = async (): Promise<Packet[]> => (await page.evaluate(() => (window as unknown as { next: string[] }).next)).map(read);
    await expect.poll(async () => whole((await next()).filter((p) => p.type === 2)), { timeout: 20_000 }).toContain("CONTROL-next");
    expect((await handed(page)).length).toBe(before);
    await page.close();
  });
});
