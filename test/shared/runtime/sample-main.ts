import { serve } from '../../../shared/runtime/serve.ts';
import { readSettings } from '../../../shared/runtime/settings.ts';
import { sampleFunction } from './sample-function.ts';

await serve(async () => sampleFunction(), readSettings('notes', process.env));
