import { mount } from 'svelte'
import App from './App.svelte'
import { forgetWidths } from './charts/text'
import { look } from './charts/theme.svelte'
import './style.css'
import './print.css'

look.start()
// What was drawn before the font came is measured and drawn again.
void document.fonts.load("450 12px 'Inter Variable'").then(() => {
  forgetWidths()
  look.again()
})
mount(App, { target: document.getElementById('app')! })
