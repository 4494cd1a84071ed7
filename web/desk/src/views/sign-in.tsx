import { Alert, Button, PasswordInput, TextInput, Title } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import { useId, type SubmitEvent } from "react";
import { words } from "../catalogue.ts";
import type { SignIn } from "../models/sign-in.ts";
import { observed } from "./observed.ts";

/** The sign-in screen. */
export const SignInView = observed(function SignInView({ model }: { model: SignIn }) {
  const errorId = useId();
  const failure = model.failure.value;
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    void model.submit(); // it tells its failure itself
  };
  const described = failure === "" ? {} : { "aria-describedby": errorId, "aria-invalid": true };
  return (
    <main className="sign-in">
      <form className="sign-in-box" onSubmit={submit} noValidate>
        <Title order={1} size="h3">
          {words.signIn.title}
        </Title>
        {failure !== "" && (
          <Alert id={errorId} color="red" role="alert" icon={<IconAlertCircle aria-hidden />}>
            {failure}
          </Alert>
        )}
        <TextInput
          label={words.signIn.email}
          type="email"
          name="email"
          autoComplete="username"
          value={model.email.value}
          onChange={(event) => {
            model.email.value = event.currentTarget.value;
          }}
          autoFocus
          {...described}
        />
        <PasswordInput
          label={words.signIn.password}
          name="password"
          autoComplete="current-password"
          value={model.password.value}
          onChange={(event) => {
            model.password.value = event.currentTarget.value;
          }}
          {...described}
        />
        <Button type="submit" loading={model.busy.value} fullWidth>
          {words.signIn.submit}
        </Button>
      </form>
    </main>
  );
});
