/** JSON.parse source text access (ECMAScript 2026), which the compiler's library does not have yet. */
interface JSON {
  rawJSON(text: string): { readonly rawJSON: string };
}
