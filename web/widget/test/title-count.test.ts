// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { TitleCount } from "../src/loader/title-count.ts";

test("unread messages stand in the title, and the page's own words are left as they are", () => { // VIS-9
  document.title = "(2) Teas";
  const count = new TitleCount();
  count.show(0);
  expect(document.title).toBe("(2) Teas");
  count.show(1);
  count.show(3);
  expect(document.title).toBe("(3) (2) Teas");
  document.title = "Cart";
  count.show(120);
  expect(document.title).toBe("(99+) Cart");
  count.show(0);
  expect(document.title).toBe("Cart");
});
