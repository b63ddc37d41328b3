"""What the paper's open questions do to the model: what they cost (`search`), and how they behave (`diagnosis`)."""
