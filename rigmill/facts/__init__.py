"""What a clip's joints say of its motion: no model, no words of strangers, no pixels."""
