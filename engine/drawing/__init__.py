"""A drawing (BPMN file) as a list of steps, for people who do not draw (简易模式), and changed as such a list.

The file is the only model: nothing is kept beside it. What is not touched stays byte for byte.

read(source) -> Listing                       the steps, in order; what is no list is one locked piece
Drawing(source)                               the file as a tree that writes itself back
"""

from engine.drawing.cards import Branch, Card, Listing, read
from engine.drawing.text import Drawing, Unreadable

__all__ = ["Branch", "Card", "Drawing", "Listing", "Unreadable", "read"]
