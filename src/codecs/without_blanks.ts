/**
 * A text without the blanks and tabs around it. By a loop: an expression tries again at each blank
 * within the text, in a time that grows with the square of their number or faster.
 */
export function withoutBlanks(text: string): string {
  const isBlank = (at: number) => text[at] === " " || text[at] === "\t";
  let [start, end] = [0, text.length];
  while (start < end && isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return text.slice(start, end);
}
