const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * The texts of the elements of a JSON array, each as it stands there; what is no array is an element
 * of its own, and so is one that lacks elements between its commas. Nothing else is checked but how
 * brackets and quotes go together.
 */
export function jsonElements(text: string): string[] {
  const json = text.trim();
  if (json.charCodeAt(0) !== OPEN_LIST || !json.endsWith("]")) return [json];
  const elements: string[] = [];
  let [depth, start, isText] = [0, 1, false];
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (isText) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) isText = false;
    } else if (code === QUOTE) isText = true;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) depth++;
    else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--;
    const isEnd = depth === 0 && at === json.length - 1;
    if (!isText && (isEnd || (depth === 1 && code === COMMA))) {
      elements.push(json.slice(start, at).trim());
      start = at + 1;
    }
    if (depth === 0 && !isEnd) return [json]; // something stands behind it
  }
  if (depth !== 0 || isText) return [json];
  if (elements.length === 1 && elements[0] === "") return [];
  return elements.includes("") ? [json] : elements;
}
