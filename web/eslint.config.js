import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/** Words that put markup into a document: nothing we show is ever markup. */
const markup = ["innerHTML", "outerHTML", "insertAdjacentHTML", "dangerouslySetInnerHTML"].map((name) => ({
  selector: `:matches(MemberExpression[property.name="${name}"], JSXAttribute[name.name="${name}"], CallExpression[callee.property.name="${name}"])`,
  message: "Text goes into a document as text.",
}));

export default defineConfig(
  globalIgnores(["dist", "node_modules", "e2e/artifacts", "**/*.gen.ts", "demo", "**/*.mjs"]),
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ["*.config.ts"] }, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "max-lines": ["error", 500],
      "no-restricted-syntax": ["error", { selector: "ExportDefaultDeclaration", message: "Name what you export." }, ...markup],
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-unnecessary-condition": "off", // noUncheckedIndexedAccess and frames of other versions need checks that look unnecessary
      "@typescript-eslint/no-dynamic-delete": "off",
    },
  },
  { files: ["**/*.config.ts"], rules: { "no-restricted-syntax": "off" } },
  {
    files: ["**/*.test.{ts,tsx}", "**/test/**", "e2e/**"],
    rules: { "@typescript-eslint/no-non-null-assertion": "off", "max-lines": "off", "no-restricted-syntax": "off", "@typescript-eslint/no-empty-function": "off" },
  },
);
