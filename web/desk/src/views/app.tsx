import { createTheme, DirectionProvider, MantineProvider } from "@mantine/core";
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

/** What all of the desk stands in: colours by the system's wish, direction by the document's. */
export function App({ children }: { children: ReactNode }) {
  return (
    <DirectionProvider detectDirection>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        {children}
      </MantineProvider>
    </DirectionProvider>
  );
}
