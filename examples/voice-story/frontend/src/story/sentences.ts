// A text as paragraphs of sentences, and which of them are new.

/** One sentence as it is shown, with the space after it. */
export interface Sentence {
  readonly text: string;
  /** Whether the text before did not have it. */
  readonly isNew: boolean;
}

/** The paragraphs of `text`; sentences that `before` lacks are new, and none is where there was nothing before. */
export function paragraphs(text: string, language: string, before: string | undefined): readonly (readonly Sentence[])[] {
  const known = before === undefined ? undefined : new Set(sentences(before, language).map(trimmed));
  return split(text).map((paragraph) =>
    sentences(paragraph, language).map((sentence) => ({
      text: sentence,
      isNew: known !== undefined && !known.has(trimmed(sentence)),
    })),
  );
}

function split(text: string): readonly string[] {
  return text.split(/\n\s*\n/).map(trimmed).filter((paragraph) => paragraph !== '');
}

function sentences(text: string, language: string): readonly string[] {
  const segmenter = new Intl.Segmenter(language, { granularity: 'sentence' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function trimmed(text: string): string {
  return text.trim();
}
