import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `manage.py` or uvicorn serves the backend while the page is developed. */
const BACKEND = 'http://localhost:8000';

export default defineConfig({
  plugins: [react()],
  // npm links a `file:` dependency; seen through its link, it finds the React of this folder as an installed one would
  resolve: { preserveSymlinks: true },
  build: {
    // a file that is inlined becomes a data: address, which the page's Content-Security-Policy does not let run
    assetsInlineLimit: 0,
    // Vite's polyfill for browsers without modulepreload; those have no AudioWorklet either
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      '/api': BACKEND,
      '/accounts': BACKEND,
      '/static': BACKEND,
      '/ws': { target: BACKEND.replace(/^http/, 'ws'), ws: true },
    },
  },
});
