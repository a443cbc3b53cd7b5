import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'

// Which folders of src/ a folder may import: only these, so that no import points up or in a circle.
const may = {
  api: [],
  model: ['api'],
  state: ['api', 'model'],
  charts: ['api', 'model'],
  filters: ['api', 'model', 'state'],
  tiles: ['api', 'model', 'state', 'charts'],
  pipeline: ['api', 'model', 'state', 'tiles'],
  pages: ['api', 'model', 'state', 'charts', 'filters', 'tiles', 'pipeline'],
}
const only = (folders) => {
  const regex = `^\\.\\.(?!/(${folders.join('|') || '(?!)'})/[^/]+$)`
  const message = 'README.md says which folders may import which.'
  const literal = regex.replaceAll('/', '\\/')
  return {
    'no-restricted-imports': ['error', { patterns: [{ regex, message }] }],
    'no-restricted-syntax': [
      'error',
      { selector: `ImportExpression[source.value=/${literal}/]`, message },
    ],
  }
}

export default ts.config(
  { ignores: ['dist', 'node_modules', 'src/api/schema.d.ts'] },
  js.configs.recommended,
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
    // Pages are moved between by our own history, not by a router.
    // Maps and sets that are replaced, never changed, need no reactive twin.
    rules: {
      'svelte/no-navigation-without-resolve': 'off',
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  { files: ['src/*/**'], rules: only([]) },
  ...Object.entries(may).map(([folder, others]) => ({
    files: [`src/${folder}/**`],
    rules: only(others),
  })),
  {
    // A name of _ takes out what is not wanted.
    rules: {
      '@typescript-eslint/no-unused-vars': [
        'error',
        { varsIgnorePattern: '^_', argsIgnorePattern: '^_' },
      ],
    },
  },
)
