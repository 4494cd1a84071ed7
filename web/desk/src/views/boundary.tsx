import { Alert, Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { words } from "../catalogue.ts";

/** Keeps what fails below it from taking the desk along: a part that could not be loaded, or could not be drawn. */
export class Boundary extends Component<{ readonly children: ReactNode }, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <Alert color="red" role="alert" title={words.failure.title}>
        <p>{words.failure.view}</p>
        <Button size="xs" mt={8} variant="outline" color="red" onClick={() => location.reload()}>
          {words.failure.reload}
        </Button>
      </Alert>
    );
  }
}
