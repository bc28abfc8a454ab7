"""Every address of the page, in one table."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.responses import Response

from service.page import actions
from service.page.attention_page import show_attention
from service.page.consignment_page import show_consignment, show_paper
from service.page.desk import Visit
from service.page.letter_pages import show_letter, show_letters
from service.page.order_page import show_order
from service.page.proposals import action
from service.page.search_page import show_search
from service.page.unshipped_pages import show_group, show_groups

Show = Callable[[Visit], Awaitable[Response]]

PAGES: Mapping[str, Show] = {
    "/": show_attention,
    "/search": show_search,
    "/order": show_order,
    "/consignment": show_consignment,
    "/paper": show_paper,
    "/dead-letters": show_letters,
    "/dead-letter": show_letter,
    "/unshipped": show_groups,
    "/unshipped/group": show_group,
}
ACTIONS: Mapping[str, Show] = {
    path: action(look.__name__, look)
    for path, look in (
        ("/order/cancel", actions.cancel_order),
        ("/order/again", actions.do_again),
        ("/consignment/cancel", actions.cancel_consignment),
        ("/consignment/reallocate", actions.reallocate),
        ("/dead-letter/replay", actions.replay),
        ("/dead-letter/discard", actions.discard),
        ("/attention/seen", actions.mark_seen),
    )
}
"""Each shows what would be done when it is asked for, and does it when its form is sent."""
