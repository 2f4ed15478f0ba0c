// The live page: documents of ./events go into the model, and the model is drawn at most once a frame.
import { Model } from './model/model.js'
import type { ListState } from './model/rows.js'
import { Connection } from './view/connection.js'
import { byId } from './view/dom.js'
import { showConnection, showHost, showStalls, showSummary } from './view/header.js'
import { List } from './view/list.js'
import { applyRememberedTheme, bindTheme } from './view/theme.js'

function start(): void {
  const model = new Model()
  const state: ListState = { search: '', type: '', folded: new Set(), unfolded: new Set(), opened: new Set() }
  let pausedTick: number | undefined
  let scheduled = false

  const draw = () => {
    scheduled = false
    if (model.newest < 0) return
    showStalls(model)
    showSummary(model, pausedTick)
    list.update(pausedTick ?? model.newest)
  }
  const schedule = () => {
    if (scheduled) return
    scheduled = true
    requestAnimationFrame(draw)
  }
  const list = new List(byId('list'), byId('empty'), model, state, schedule)
  const redraw = () => {
    list.redraw()
    schedule()
  }

  const pause = () => {
    if (model.newest < 0) return
    pausedTick = pausedTick === undefined ? model.newest : undefined
    model.hold(pausedTick)
    list.redraw()
    schedule()
  }
  byId('pause').addEventListener('click', pause)

  const search = byId<HTMLInputElement>('search')
  const find = (text: string) => {
    state.search = text
    search.value = text
    scrollTo({ top: 0 })
    schedule()
  }
  search.addEventListener('input', () => find(search.value))
  byId<HTMLSelectElement>('type').addEventListener('change', ({ target }) => {
    state.type = (target as HTMLSelectElement).value as ListState['type']
    schedule()
  })

  addEventListener('keydown', (event) => {
    const { key, target } = event
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const typing = target instanceof Element && target.matches('input, select')
    // A button that was reached by the keyboard is pressed by the space bar, as everywhere.
    const pressing = target instanceof Element && target.matches('button:focus-visible')
    if (key === 'Escape' && search.value !== '') find('')
    else if (key === '/' && !typing) search.focus()
    else if (key === ' ' && !typing && !pressing) {
      if (!event.repeat) pause()
    } else return
    event.preventDefault()
  })
  addEventListener('scroll', schedule, { passive: true })
  addEventListener('resize', redraw)

  bindTheme(byId('theme'), redraw)
  showHost()
  new Connection('events', {
    snapshot(document) {
      model.snapshot(document)
      schedule()
    },
    changes(document) {
      model.changes(document)
      schedule()
    },
    state: showConnection,
  })
}

applyRememberedTheme()
document.addEventListener('DOMContentLoaded', start)
