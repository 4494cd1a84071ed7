import { createTheme, DirectionProvider, MantineProvider, type CSSVariablesResolver } from "@mantine/core";
import type { ReactNode } from "react";
import "./styles.ts";

const theme = createTheme({
  primaryColor: "cyan",
  primaryShade: 9,
  autoContrast: true,
  luminanceThreshold: 0.2,
  cursorType: "pointer",
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
  defaultRadius: "md",
});

/** Under the pointer a filled button gets darker, not lighter: white words on it stay readable. */
const darkerHover: CSSVariablesResolver = () => {
  const hovers = Object.fromEntries(
    ["teal", "blue", "cyan", "red"].map((color) => [`--mantine-color-${color}-filled-hover`, `color-mix(in srgb, var(--mantine-color-${color}-9) 85%, #000)`]),
  );
  return { variables: {}, light: hovers, dark: hovers };
};

/** What all of the desk stands in: colours by the system's wish, direction by the document's. */
export function App({ children }: { children: ReactNode }) {
  return (
    <DirectionProvider detectDirection>
      <MantineProvider theme={theme} cssVariablesResolver={darkerHover} defaultColorScheme="auto">
        {children}
      </MantineProvider>
    </DirectionProvider>
  );
}
