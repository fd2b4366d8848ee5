// How the conversation travels, and why.

import type { ReactElement } from 'react';

import { wordsOf } from './transport';
import type { Carried } from './transport';

/** Whether the browser talks to the service itself, or our server does. */
export function TransportBadge({ carried }: { readonly carried: Carried }): ReactElement {
  const { label, why } = wordsOf(carried);
  return (
    <p className="transport" data-transport={carried.by} data-reason={carried.reason}>
      <span className="badge">{label}</span> <span className="quiet">{why}</span>
    </p>
  );
}
